package browser

import (
	"context"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp/kb"
)

// Element is what has a role and an accessible name in a frame, found anew each time it is used.
type Element struct {
	frame      *Document
	role, name string
}

// Find is the element of an ARIA role ("button", "textbox", "checkbox", "heading", ...) and exact name.
func (f *Document) Find(role, name string) *Element {
	return &Element{frame: f, role: role, name: name}
}

// Button, Link, Field and Checkbox are elements of the usual roles.
func (f *Document) Button(name string) *Element   { return f.Find("button", name) }
func (f *Document) Link(name string) *Element     { return f.Find("link", name) }
func (f *Document) Field(name string) *Element    { return f.Find("textbox", name) }
func (f *Document) Checkbox(name string) *Element { return f.Find("checkbox", name) }

// AwaitStatus waits until some role=status says exactly text.
func (f *Document) AwaitStatus(text string) {
	f.page.who.t.Helper()
	f.awaitLive("status", func(said string) bool { return said == text }, text)
}

// AwaitAlert waits until some role=alert says text, among other things.
func (f *Document) AwaitAlert(text string) {
	f.page.who.t.Helper()
	f.awaitLive("alert", func(said string) bool { return strings.Contains(said, text) }, text)
}

// Alert is what the role=alert regions say now.
func (f *Document) Alert() string {
	f.page.who.t.Helper()
	return strings.Join(f.live("alert"), "\n")
}

// Status is what the role=status regions say now.
func (f *Document) Status() string {
	f.page.who.t.Helper()
	return strings.Join(f.live("status"), "\n")
}

func (f *Document) live(role string) (said []string) {
	f.page.who.t.Helper()
	f.await("reading role="+role, func(ctx context.Context, s scope) (_ string, err error) {
		said, err = s.said(ctx, role)
		return "", err
	})
	return said
}

func (f *Document) awaitLive(role string, is func(string) bool, text string) {
	f.page.who.t.Helper()
	f.await(fmt.Sprintf("waiting for role=%s to say %q", role, text), func(ctx context.Context, s scope) (string, error) {
		all, err := s.said(ctx, role)
		if err != nil {
			return "", err
		}
		for _, said := range all {
			if is(said) {
				return "", nil
			}
		}
		return fmt.Sprintf("it says %q", all), nil
	})
}

func (s scope) said(ctx context.Context, role string) (all []string, err error) {
	nodes, err := s.nodes(ctx, role, "")
	for _, n := range nodes {
		var words string
		object, err := s.object(ctx, n.BackendDOMNodeID)
		if err == nil {
			err = s.call(ctx, object, `function() { return this.innerText.trim() }`, &words)
		}
		if err != nil {
			return nil, err
		}
		if words != "" {
			all = append(all, words)
		}
	}
	return all, err
}

func (e *Element) String() string { return fmt.Sprintf("%s %q", e.role, e.name) }

// use waits until the element is there and does, with it as "this", what try says.
func (e *Element) use(what string, try func(ctx context.Context, s scope, this runtime.RemoteObjectID) (notYet string, err error)) {
	e.frame.page.who.t.Helper()
	e.frame.await(what+" "+e.String(), func(ctx context.Context, s scope) (string, error) {
		node, err := s.one(ctx, e.role, e.name)
		if err != nil {
			return "", err
		}
		this, err := s.object(ctx, node)
		if err != nil {
			return "", err
		}
		return try(ctx, s, this)
	})
}

// Await waits until the element is there.
func (e *Element) Await() {
	e.frame.page.who.t.Helper()
	e.use("waiting for", func(context.Context, scope, runtime.RemoteObjectID) (string, error) { return "", nil })
}

// AwaitGone waits until the element is not there.
func (e *Element) AwaitGone() {
	e.frame.page.who.t.Helper()
	e.frame.await("waiting for the end of "+e.String(), func(ctx context.Context, s scope) (string, error) {
		found, err := s.nodes(ctx, e.role, e.name)
		if err != nil || len(found) == 0 {
			return "", err
		}
		return "it is there", nil
	})
}

// Exists tells whether the element is there now.
func (e *Element) Exists() (there bool) {
	e.frame.page.who.t.Helper()
	e.frame.await("looking for "+e.String(), func(ctx context.Context, s scope) (string, error) {
		found, err := s.nodes(ctx, e.role, e.name)
		there = len(found) > 0
		return "", err
	})
	return there
}

// AwaitTrue waits until a JavaScript expression about the element, "this", is true.
func (e *Element) AwaitTrue(expression string) {
	e.frame.page.who.t.Helper()
	e.use("waiting for "+expression+" of", func(ctx context.Context, s scope, this runtime.RemoteObjectID) (string, error) {
		var ok bool
		if err := s.call(ctx, this, `function() { return !!(`+expression+`) }`, &ok); err != nil || ok {
			return "", err
		}
		return "it is false", nil
	})
}

// Eval decodes a JavaScript expression about the element, "this", into out.
func (e *Element) Eval(expression string, out any) {
	e.frame.page.who.t.Helper()
	e.use("evaluating "+expression+" of", func(ctx context.Context, s scope, this runtime.RemoteObjectID) (string, error) {
		return "", s.call(ctx, this, `function() { return (`+expression+`) }`, out)
	})
}

// Text is what the element shows.
func (e *Element) Text() (text string) {
	e.frame.page.who.t.Helper()
	e.Eval(`this.innerText.trim()`, &text)
	return text
}

// ready scrolls an element into view and says where its middle is, or why it cannot be pressed.
const ready = `function() {
	this.scrollIntoView({block: 'nearest', inline: 'nearest', behavior: 'instant'});
	const r = this.getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2;
	const hit = this.getRootNode().elementFromPoint(x, y);
	let why = '';
	if (!r.width || !r.height) why = 'it has no size';
	else if (this.disabled || this.ariaDisabled === 'true') why = 'it is disabled';
	else if (!hit) why = 'it is out of view';
	else if (!this.contains(hit) && !hit.contains(this) && !hit.closest('label')?.contains(this)) why = 'it is covered by ' + hit.outerHTML.slice(0, 80);
	return {X: x, Y: y, Why: why};
}`

type place struct {
	X, Y float64
	Why  string
}

// Click presses the element with the mouse, once it is enabled, in view and not covered.
func (e *Element) Click() {
	e.frame.page.who.t.Helper()
	e.Drag(0, 0)
}

// Drag takes the element by its middle, moves it and lets go.
func (e *Element) Drag(dx, dy float64) {
	e.frame.page.who.t.Helper()
	e.use("pressing", func(ctx context.Context, s scope, this runtime.RemoteObjectID) (string, error) {
		var at place
		if err := s.call(ctx, this, ready, &at); err != nil || at.Why != "" {
			return at.Why, err
		}
		return "", e.frame.page.press(ctx, s.x+at.X, s.y+at.Y, dx, dy)
	})
}

func (p *Page) press(ctx context.Context, x, y, dx, dy float64) error {
	mouse := func(kind input.DispatchMouseEventType, x, y float64, buttons int64) error {
		_, err := cdp.Call(ctx, p.session(), input.DispatchMouseEvent, input.DispatchMouseEventParams{
			Type: kind, X: x, Y: y, Button: input.MouseButtonLeft, Buttons: buttons, ClickCount: 1,
		})
		return err
	}
	if err := mouse(input.DispatchMouseEventTypeMouseMoved, x, y, 0); err != nil {
		return err
	}
	if err := mouse(input.DispatchMouseEventTypeMousePressed, x, y, 1); err != nil {
		return err
	}
	const steps = 5
	for i := 1.0; i <= steps && (dx != 0 || dy != 0); i++ {
		if err := mouse(input.DispatchMouseEventTypeMouseMoved, x+dx*i/steps, y+dy*i/steps, 1); err != nil {
			return err
		}
	}
	return mouse(input.DispatchMouseEventTypeMouseReleased, x+dx, y+dy, 0)
}

// Type puts text into a field, in place of what is there.
func (e *Element) Type(text string) {
	e.frame.page.who.t.Helper()
	e.use("typing into", func(ctx context.Context, s scope, this runtime.RemoteObjectID) (string, error) {
		if err := s.call(ctx, this, `function() { this.focus(); this.select?.() }`, nil); err != nil {
			return "", err
		}
		_, err := cdp.Call(ctx, s.session, input.InsertText, input.InsertTextParams{Text: text})
		return "", err
	})
}

// Press gives the element the focus and presses keys: characters, or those of chromedp's kb package.
func (e *Element) Press(keys string) {
	e.frame.page.who.t.Helper()
	e.use("pressing keys on", func(ctx context.Context, s scope, this runtime.RemoteObjectID) (string, error) {
		if err := s.call(ctx, this, `function() { this.focus() }`, nil); err != nil {
			return "", err
		}
		return "", s.keys(ctx, keys)
	})
}

// Press presses keys where the focus is.
func (f *Document) Press(keys string) {
	f.page.who.t.Helper()
	f.await("pressing keys", func(ctx context.Context, s scope) (string, error) { return "", s.keys(ctx, keys) })
}

func (s scope) keys(ctx context.Context, keys string) error {
	for _, key := range keys {
		for _, event := range kb.Encode(key) {
			if _, err := cdp.Call(ctx, s.session, input.DispatchKeyEvent, *event); err != nil {
				return err
			}
		}
	}
	return nil
}
