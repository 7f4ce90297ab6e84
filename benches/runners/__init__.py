"""The client libraries, one file each; a backend picks those that speak to it."""
