package browser

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Problems are console errors, uncaught exceptions and what the browser complains of (content
// security policy, failed loads), of all frames that were looked into.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.problems)
}

// NoProblems fails the test if there were any.
func (p *Page) NoProblems() {
	p.who.t.Helper()
	for _, problem := range p.Problems() {
		p.who.t.Errorf("problem in the page: %s", problem)
	}
}

// watch collects the problems of a tab, or of a frame in another process.
func (p *Page) watch(ctx context.Context) {
	err := chromedp.Listen(ctx, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			d := ev.ExceptionDetails
			text := d.Text
			if d.Exception != nil {
				text += " " + d.Exception.Description
			}
			p.problem("%s (%s:%d)", text, d.URL, d.LineNumber+1)
		case *runtime.EventConsoleAPICalled:
			if ev.Type == runtime.ConsoleAPICalledTypeError || ev.Type == runtime.ConsoleAPICalledTypeAssert {
				p.problem("console: %s", arguments(ev.Args))
			}
		case *log.EventEntryAdded:
			if ev.Entry.Level == log.EntryLevelError {
				p.problem("%s: %s %s", ev.Entry.Source, ev.Entry.Text, ev.Entry.URL)
			}
		}
	})
	if err != nil {
		p.who.t.Fatalf("listening to the page: %v", err)
	}
}

func (p *Page) problem(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.problems = append(p.problems, fmt.Sprintf(format, args...))
}

func arguments(args []*runtime.RemoteObject) string {
	var all []string
	for _, a := range args {
		if a.Description != "" {
			all = append(all, a.Description)
		} else {
			all = append(all, plain(a.Value))
		}
	}
	return strings.Join(all, " ")
}

// replay makes the browser tell again what happened before it was watched.
func replay(ctx context.Context) error {
	s := chromedp.FromContext(ctx).Target
	for _, method := range []string{log.Disable.Method, log.Enable.Method, runtime.Disable.Method, runtime.Enable.Method} {
		if err := s.Call(ctx, method, cdp.Empty{}, nil); err != nil {
			return err
		}
	}
	return nil
}
