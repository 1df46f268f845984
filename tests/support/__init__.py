"""What tests share: the program as users run it, terminals and shells, services of every temper."""
