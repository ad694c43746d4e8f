// Verify checks what Causeway nodes publish and hand out. It shares no code with them: it uses Go's
// standard library and the packages of the Go checksum database, and trusts nothing but the keys on
// its command line.
package main

import (
	"fmt"
	"os"
	"syscall"
)

const usage = `usage: verify log DIR VKEY [WITNESS_VKEY...]
  reads a whole log from a directory in the layout of c2sp.org/tlog-tiles and checks the checkpoint's
  signature, the cosignature of every witness named, every entry, every tile and the root`

func main() {
	if len(os.Args) < 4 || os.Args[1] != "log" {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	if err := verifyLog(os.Args[2], os.Args[3], os.Args[4:]); err != nil {
		fmt.Fprintln(os.Stderr, "FAILED:", err)
		os.Exit(1)
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err == nil {
		fmt.Fprintf(os.Stderr, "%d MiB of memory at most\n", used.Maxrss/1024)
	}
}
