module smc-cni.io/tests/e2e/tools/talk

go 1.26.0
