"""One function per criterion. Its docstring is the clause in our words, and is what pages and reports show."""
