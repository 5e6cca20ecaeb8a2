# Never ends by itself.
print("Counting, and listening to nobody. Ctrl-C ends it.", flush=True)
count = 0
while True:
    count += 1
