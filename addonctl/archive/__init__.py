"""The archive: what add-ons made, kept beyond the 30 days of the service.

In the order of truth: place.py holds bytes, and marker.py says which belong to a result and what
they must be; index.py makes them searchable and remembers when to look again, and can be thrown
away. A place is a folder, or a bucket: bucket.py, under the lock of lease.py, reached as cloud.py
knows; asking.py says how often it is asked, and what its refusals mean. look.py brings one
recording up to date, run.py an account, and accounts.py all of a command; verify.py holds every
byte against its hash, and makes the index anew.
"""
