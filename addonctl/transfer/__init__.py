"""Payloads to disk: which (plan), called what (naming, folder), fetched how (source), kept whole
until they have their name (part, checksum, fetch), and what may be deleted then (retire).
"""
