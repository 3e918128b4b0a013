"""Section 4.4, data sets as their publishers ship them: one file a family, facts only. No data is here."""
