"""Many addresses in one command.

pool.py does the work with threads, pace.py keeps them within what the service takes, outcomes.py
counts, sums up and knows how a command ends; listing, deletion, saving and waiting are the jobs;
lists.py reads addresses from files. All take a client, a sink and a number of workers.
"""
