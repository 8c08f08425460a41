"""The sample site: texts of our own in readable files, and what puts them into the database."""
