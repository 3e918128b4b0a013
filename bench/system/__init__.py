"""What the operating system gives: signals, streams, memory, processors, worker processes; no part of the paper."""
