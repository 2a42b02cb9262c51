"""Usage files, runs, lines, statements and findings as pages, and the overview of what concerns a person."""
