# For those who expect one: everything is in ./run.
.PHONY: run test check bench lock
run:
	@./run
test check bench lock:
	@./run $@
