package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Document is a page's own document, or the one in an iframe, found anew by the iframe's title each
// time it is used: it outlives reloads.
type Document struct {
	page   *Page
	path   []string
	within time.Duration
}

// Frame is the document in the iframe of that accessible name (its title); "" is the only iframe.
func (f *Document) Frame(name string) *Document {
	inner := *f
	inner.path = append(append([]string(nil), f.path...), name)
	return &inner
}

// Within is the same document with another patience.
func (f *Document) Within(d time.Duration) *Document {
	other := *f
	other.within = d
	return &other
}

// Eval runs a JavaScript expression, awaits it if it is a promise, and decodes it into out (nil: it
// is dropped). An exception fails the test.
func (f *Document) Eval(expression string, out any) {
	f.page.who.t.Helper()
	f.await("evaluating "+expression, func(ctx context.Context, s scope) (string, error) {
		err := s.call(ctx, s.doc, `function() { return (`+expression+`) }`, out)
		if thrown := new(exception); errors.As(err, &thrown) {
			f.fail("evaluating "+expression, thrown.Error())
		}
		return "", err
	})
}

// AwaitTrue waits until a JavaScript expression is true.
func (f *Document) AwaitTrue(expression string) {
	f.page.who.t.Helper()
	f.await("waiting for "+expression, func(ctx context.Context, s scope) (string, error) {
		var ok bool
		if err := s.call(ctx, s.doc, `function() { return !!(`+expression+`) }`, &ok); err != nil || ok {
			return "", err
		}
		return "it is false", nil
	})
}

// AwaitText waits until text is seen somewhere in the frame.
func (f *Document) AwaitText(text string) {
	f.page.who.t.Helper()
	f.await(fmt.Sprintf("waiting for the text %q", text), func(ctx context.Context, s scope) (string, error) {
		var all string
		err := s.call(ctx, s.doc, `function() { return document.body.innerText }`, &all)
		if err != nil || strings.Contains(all, text) {
			return "", err
		}
		return "it is not there", nil
	})
}

// URL is the frame's address.
func (f *Document) URL() string {
	f.page.who.t.Helper()
	var url string
	f.Eval(`location.href`, &url)
	return url
}

// Outline is what assistive technology is told: a line for each named or landmark node.
func (f *Document) Outline() string {
	f.page.who.t.Helper()
	var outline string
	f.await("reading the outline", func(ctx context.Context, s scope) (_ string, err error) {
		outline, err = s.outline(ctx)
		return "", err
	})
	return outline
}

// await tries until try says neither a reason to wait on nor an error, or patience is at its end.
// Errors are waited out too: a frame that is being loaded has many.
func (f *Document) await(what string, try func(ctx context.Context, s scope) (notYet string, err error)) {
	f.page.who.t.Helper()
	ctx, stop := context.WithTimeout(f.page.ctx, f.within)
	defer stop()
	last := "nothing happened"
	for {
		s, err := f.resolve(ctx)
		notYet := ""
		if err == nil {
			notYet, err = try(ctx, s)
		}
		switch {
		case err == nil && notYet == "":
			s.release(ctx)
			return
		case ctx.Err() != nil:
			f.fail(what, last)
		case err != nil:
			last = err.Error()
		default:
			last = notYet
		}
		f.page.pause(ctx, s)
	}
}

// fail ends the test with all that helps to see why.
func (f *Document) fail(what, why string) {
	f.page.who.t.Helper()
	t := f.page.who.t
	ctx, stop := context.WithTimeout(f.page.ctx, Patience)
	defer stop()
	where := strings.Join(append([]string{"page"}, f.path...), " > ")
	if s, err := f.resolve(ctx); err == nil {
		if outline, err := s.outline(ctx); err == nil {
			t.Logf("what %s shows:\n%s", where, outline)
		}
	}
	for _, problem := range f.page.Problems() {
		t.Logf("problem in the page: %s", problem)
	}
	t.Logf("screenshot: %s", f.page.Screenshot("failed"))
	t.Fatalf("%s in %s: %s", what, where, why)
}
