# Asks, waits, and writes a file.
import time

name = input("What is your name? ")
print("Writing a letter", end="", flush=True)
for _ in range(3):
    time.sleep(0.3)
    print(".", end="", flush=True)
with open("letter.txt", "w") as letter:
    letter.write(f"Dear {name},\nall is well on the main thread.\n")
print(f"\nIt is in letter.txt, {name}.")
