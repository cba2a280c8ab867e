package main

func main() {
	writePolicies("../audit_policies.jsonl")
}
