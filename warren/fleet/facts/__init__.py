"""What a host is: one sh script, one round trip, one pure parser. Works without Python."""
