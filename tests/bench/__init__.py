"""`python -m tests.bench`: what the pages cost, as ratios that carry over to other machines."""
