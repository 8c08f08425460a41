from verdicts.models.comparison import Comparison
from verdicts.models.reviewer import Reviewer
from verdicts.models.tally import PanelTally
from verdicts.models.verdict import Decision, EditConflict, Evidence, Verdict

__all__ = ["Comparison", "Decision", "EditConflict", "Evidence", "PanelTally", "Reviewer", "Verdict"]
