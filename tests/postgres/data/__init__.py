"""What PostgreSQL's types become, as rows of data: literal, value in Python, column of a frame."""
