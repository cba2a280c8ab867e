package main

func main() {
	writePolicies("../audit_policies.jsonl")
	writePatches("../json_patches.jsonl")
	writeFlags("../audit_flags.txt")
}
