"""What surewire promises to count, to reach and to alert on: catalogues as data files, with one typed reader for them."""
