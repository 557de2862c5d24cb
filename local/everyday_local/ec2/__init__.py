"""EC2 as far as a CloudTop needs it: fleets, launch templates, instances, volumes, snapshots, metadata."""
