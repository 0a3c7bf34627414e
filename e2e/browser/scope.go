package browser

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// scope is a frame's document as found just now.
type scope struct {
	session cdp.Session
	frame   cdp.FrameID // "" is the session's top one
	doc     runtime.RemoteObjectID
	x, y    float64 // of the frame's view, in the page's
}

const group = "e2e"

// pause lets the page work: until its document changes, 50 ms at most.
func (p *Page) pause(ctx context.Context, s scope) {
	const change = `function() { return new Promise(done => {
		const enough = () => { seen.disconnect(); setTimeout(done, 10) };
		const seen = new MutationObserver(enough);
		seen.observe(this, {subtree: true, childList: true, attributes: true, characterData: true});
		setTimeout(enough, 40);
	}) }`
	if s.session != nil {
		ctx, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		err := s.call(ctx, s.doc, change, nil)
		s.release(ctx)
		if err == nil {
			return
		}
	}
	select {
	case <-ctx.Done():
	case <-time.After(20 * time.Millisecond):
	}
}

// top is the page's own document.
func (p *Page) top(ctx context.Context) (scope, error) { return document(ctx, p.session()) }

func document(ctx context.Context, session cdp.Session) (scope, error) {
	res, err := cdp.Call(ctx, session, runtime.Evaluate, runtime.EvaluateParams{Expression: "document", ObjectGroup: group})
	if err != nil {
		return scope{}, err
	}
	if res.Result.ObjectID == "" {
		return scope{}, errors.New("there is no document")
	}
	return scope{session: session, doc: res.Result.ObjectID}, nil
}

func (f *Document) resolve(ctx context.Context) (scope, error) {
	s, err := f.page.top(ctx)
	for _, name := range f.path {
		if err != nil {
			return s, err
		}
		s, err = f.page.into(ctx, s, name)
	}
	return s, err
}

// into enters an iframe: its document is at hand, or in another process.
func (p *Page) into(ctx context.Context, s scope, name string) (scope, error) {
	node, err := s.one(ctx, "Iframe", name)
	if err != nil {
		return s, err
	}
	iframe, err := s.object(ctx, node)
	if err != nil {
		return s, err
	}
	var at struct{ X, Y float64 }
	if err := s.call(ctx, iframe, `function() {
		const r = this.getBoundingClientRect(), c = getComputedStyle(this);
		return {X: r.left + this.clientLeft + parseFloat(c.paddingLeft), Y: r.top + this.clientTop + parseFloat(c.paddingTop)};
	}`, &at); err != nil {
		return s, err
	}
	at.X, at.Y = s.x+at.X, s.y+at.Y
	described, err := cdp.Call(ctx, s.session, dom.DescribeNode, dom.DescribeNodeParams{BackendNodeID: node})
	if err != nil {
		return s, err
	}
	if inner := described.Node.ContentDocument; inner != nil {
		doc, err := s.object(ctx, inner.BackendNodeID)
		return scope{session: s.session, frame: described.Node.FrameID, doc: doc, x: at.X, y: at.Y}, err
	}
	id := target.ID(described.Node.FrameID)
	session, err := p.frameSession(id)
	if err != nil {
		return s, err
	}
	in, err := document(ctx, session)
	if errors.Is(err, chromedp.ErrTargetDetached) {
		p.forget(id)
	}
	in.x, in.y = at.X, at.Y
	return in, err
}

// object makes a node one that functions can be called on.
func (s scope) object(ctx context.Context, node cdp.BackendNodeID) (runtime.RemoteObjectID, error) {
	res, err := cdp.Call(ctx, s.session, dom.ResolveNode, dom.ResolveNodeParams{BackendNodeID: node, ObjectGroup: group})
	if err != nil {
		return "", err
	}
	return res.Object.ObjectID, nil
}

func (s scope) release(ctx context.Context) {
	if s.session != nil {
		_ = s.session.Call(ctx, runtime.ReleaseObjectGroup.Method, runtime.ReleaseObjectGroupParams{ObjectGroup: group}, nil)
	}
}

// nodes are the accessible nodes of that role and name; either may be "" for any.
func (s scope) nodes(ctx context.Context, role, name string) ([]*accessibility.Node, error) {
	res, err := cdp.Call(ctx, s.session, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{FrameID: s.frame})
	if err != nil {
		return nil, err
	}
	var found []*accessibility.Node
	for _, n := range res.Nodes {
		if !n.Ignored && (role == "" || strings.EqualFold(text(n.Role), role)) && (name == "" || text(n.Name) == name) {
			found = append(found, n)
		}
	}
	return found, nil
}

// one is the only node of that role and name.
func (s scope) one(ctx context.Context, role, name string) (cdp.BackendNodeID, error) {
	found, err := s.nodes(ctx, role, name)
	switch {
	case err != nil:
		return 0, err
	case len(found) == 0:
		return 0, fmt.Errorf("there is no %s %q", role, name)
	case len(found) > 1:
		return 0, fmt.Errorf("there are %d of %s %q", len(found), role, name)
	}
	return found[0].BackendDOMNodeID, nil
}

func (s scope) outline(ctx context.Context) (string, error) {
	nodes, err := s.nodes(ctx, "", "")
	if err != nil {
		return "", err
	}
	var b strings.Builder
	for _, n := range nodes {
		role, name := text(n.Role), text(n.Name)
		switch role {
		case "InlineTextBox", "none", "generic", "LineBreak":
			continue
		}
		fmt.Fprintf(&b, "  %s %q%s\n", role, name, properties(n))
	}
	return b.String(), nil
}

func properties(n *accessibility.Node) (all string) {
	if v := text(n.Value); v != "" {
		all += " value=" + v
	}
	if d := text(n.Description); d != "" {
		all += " description=" + d
	}
	for _, p := range n.Properties {
		switch p.Name {
		case accessibility.PropertyNameDisabled, accessibility.PropertyNameChecked, accessibility.PropertyNamePressed,
			accessibility.PropertyNameExpanded, accessibility.PropertyNameFocused:
			all += " " + string(p.Name) + "=" + text(p.Value)
		}
	}
	return all
}
