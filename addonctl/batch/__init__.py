"""Many addresses in one command.

lists.py reads them from files, pool.py does the work with threads, pace.py keeps them within what
the service takes, outcomes.py counts, sums up and knows how a command ends; results.py and
payloads.py are the jobs. All take a client, a sink and a number of workers.
"""
