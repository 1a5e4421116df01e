"""The pages and the JSON routes: what is asked for over HTTP. They render and hand on; rules live elsewhere."""
