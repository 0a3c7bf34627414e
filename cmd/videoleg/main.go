package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
)

// command is one subcommand. run's error is told on stderr in one line.
type command struct {
	name, does string
	run        func(ctx context.Context, args []string, out io.Writer) error
}

func commands() []command {
	return []command{
		{"serve", "run the server, configured by VIDEOLEG_… variables", serve},
		{"demo", "run a whole contact centre on localhost, with stand-ins for both far ends", demo},
		{"check", "say whether the configuration is right and the far ends answer", check},
		{"policy", "print the local policy for Pexip nodes that may not ask a server", printPolicy},
		{"version", "print the version", func(_ context.Context, args []string, out io.Writer) error {
			if err := noArguments("version", args); err != nil {
				return err
			}
			_, err := fmt.Fprintln(out, "videoleg", version())
			return err
		}},
	}
}

// errUsage is a wrong call of the program: exit status 2. Every other error is 1.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "videoleg:", oneLine(err))
	}
	switch {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return fmt.Errorf("%w: videoleg %s", errUsage, names())
	}
	if args[0] == "-h" || args[0] == "--help" || args[0] == "help" {
		return help(out)
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.run(ctx, args[1:], out)
		}
	}
	return fmt.Errorf("%w: no command %.40q; there are: %s", errUsage, args[0], names())
}

func names() string {
	var all []string
	for _, c := range commands() {
		all = append(all, c.name)
	}
	return strings.Join(all, " | ")
}

func help(out io.Writer) error {
	for _, c := range commands() {
		if _, err := fmt.Fprintf(out, "videoleg %-8s %s\n", c.name, c.does); err != nil {
			return err
		}
	}
	return nil
}

// parse reads a subcommand's flags; it takes no other arguments.
func parse(flags *flag.FlagSet, args []string) error {
	flags.SetOutput(io.Discard)
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("%w: videoleg %s: %v", errUsage, flags.Name(), err)
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("%w: videoleg %s: unexpected %.40q", errUsage, flags.Name(), flags.Arg(0))
	}
	return nil
}

func noArguments(name string, args []string) error {
	return parse(flag.NewFlagSet(name, flag.ContinueOnError), args)
}

// oneLine makes an error that was joined over several lines one.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// version is the module's version, or the commit it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return "dev"
}
