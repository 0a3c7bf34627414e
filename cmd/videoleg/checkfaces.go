package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
)

// checkFaces asks our own addresses as a node would: what was typed on both sides must be the same, and
// the way from outside must be open. A server that does not run yet is no fault.
func checkFaces(ctx context.Context, cfg Config, out io.Writer) error {
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	var faults []error
	for _, face := range []struct {
		name, path, method, body string
		username                 string
		password                 secret
	}{
		// An alias of ours that no session can have is refused: explicitly, and with 200.
		{"policy", "/policy/v1/service/configuration?call_direction=non_dial&protocol=sip&local_alias=" + cfg.PexipCustomerPrefix, http.MethodGet, "",
			cfg.PolicyUsername, cfg.PolicyPassword},
		{"events", "/events", http.MethodPost, "{}", cfg.EventsUsername, cfg.EventsPassword},
	} {
		if face.username == "" {
			continue
		}
		status, err := askFace(ctx, client, face.method, string(cfg.CustomerURL)+face.path, face.body, face.username, face.password)
		switch {
		case errors.Is(err, syscall.ECONNREFUSED):
			fmt.Fprintf(out, "%-14s not asked: nothing runs at %s yet\n", face.name, cfg.CustomerURL)
		case err != nil:
			faults = append(faults, fmt.Errorf("%s: %s does not answer: %w", face.name, cfg.CustomerURL, err))
		case status != http.StatusOK:
			faults = append(faults, fmt.Errorf("%s: %s answers with %d: is VIDEOLEG_CUSTOMER_URL this server, as nodes reach it, and does it run with these credentials? Nodes follow no redirects",
				face.name, cfg.CustomerURL, status))
		default:
			fmt.Fprintf(out, "%-14s %s ok\n", face.name, cfg.CustomerURL)
		}
	}
	return errors.Join(faults...)
}

func askFace(ctx context.Context, client *http.Client, method, url, body, username string, password secret) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, err
	}
	r.SetBasicAuth(username, string(password))
	answer, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	return answer.StatusCode, answer.Body.Close()
}
