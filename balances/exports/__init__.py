"""Write rows of a query to files, row by row, in bounded memory."""
