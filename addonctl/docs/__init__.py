"""What the program says of itself: the manual, the help topics, and answers at a TAB."""
