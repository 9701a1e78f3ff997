"""Everything in memory: all that the ports promise but the disk. For tests of what stands above the ports."""
