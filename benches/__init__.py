"""How fast industrydb is, next to its peers and to the physical limit of each job."""
