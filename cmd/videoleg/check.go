package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/videoleg/videoleg/pexrtc"
)

// checkTime bounds each question to a far end.
const checkTime = 10 * time.Second

// check says whether the configuration is right and the far ends answer; with -running, whether
// the server that runs here is well, for probes of a container.
func check(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	running := flags.Bool("running", false, "ask the running server instead")
	if err := parse(flags, args); err != nil {
		return err
	}
	cfg, err := loadConfig(nil)
	if *running {
		return checkRunning(ctx, cfg, out)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(out, "configuration  ok")
	return errors.Join(checkNodes(ctx, cfg, out), checkGenesys(ctx, cfg, out), checkFaces(ctx, cfg, out))
}

func checkRunning(ctx context.Context, cfg Config, out io.Writer) error {
	status, err := ask(ctx, http.DefaultClient, "http://"+cfg.AdminAddr+"/readyz")
	if err != nil {
		return fmt.Errorf("the server does not answer at %s: %w", cfg.AdminAddr, err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("the server at %s is not ready (%d)", cfg.AdminAddr, status)
	}
	_, err = fmt.Fprintln(out, "ready")
	return err
}

func checkNodes(ctx context.Context, cfg Config, out io.Writer) error {
	roots, err := trust(cfg.PexipCAFile)
	if err != nil {
		return err
	}
	client, err := pexrtc.New(pexrtc.Config{Nodes: cfg.PexipNodes, HTTP: nodeClient(roots)})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	var faults []error
	answers := client.Status(ctx)
	for _, node := range slices.Sorted(maps.Keys(answers)) {
		if err := answers[node]; err != nil {
			fmt.Fprintf(out, "node           %s: %v\n", node, err)
			faults = append(faults, fmt.Errorf("node %s does not answer as a Conferencing Node: check VIDEOLEG_PEXIP_NODES and the way to it", node))
			continue
		}
		fmt.Fprintf(out, "node           %s ok\n", node)
	}
	return errors.Join(faults...)
}

// checkGenesys asks for something that needs no sign-in: any HTTP answer shows the way is open.
func checkGenesys(ctx context.Context, cfg Config, out io.Writer) error {
	var faults []error
	for _, host := range []struct{ name, url string }{
		{"genesys login", or(string(cfg.GenesysLoginURL), "https://login."+cfg.GenesysRegion)},
		{"genesys api", or(string(cfg.GenesysAPIURL), "https://api."+cfg.GenesysRegion)},
	} {
		if _, err := ask(ctx, http.DefaultClient, host.url); err != nil {
			faults = append(faults, fmt.Errorf("%s %s does not answer: %w", host.name, host.url, err))
			continue
		}
		fmt.Fprintf(out, "%-14s %s ok\n", host.name, host.url)
	}
	return errors.Join(faults...)
}

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func ask(ctx context.Context, client *http.Client, url string) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
