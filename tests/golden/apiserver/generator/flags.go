// The API server's audit flags and their defaults, as its own options register them.
package main

import (
	"fmt"
	"os"

	"github.com/spf13/pflag"
	"k8s.io/apiserver/pkg/server/options"
)

func writeFlags(path string) {
	file, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	defer file.Close()
	set := pflag.NewFlagSet("audit", pflag.ContinueOnError)
	options.NewAuditOptions().AddFlags(set)
	set.VisitAll(func(f *pflag.Flag) { fmt.Fprintf(file, "--%s %s %s\n", f.Name, f.Value.Type(), f.DefValue) })
}
