package session

import (
	"context"

	"github.com/videoleg/videoleg/genesys"
)

// maxForeseen bounds the calls of one agent that no page has shown yet.
const maxForeseen = 8

// foreseen is a call that an agent's notifications tell of and no page has shown yet. What Genesys Cloud has to say is
// known before a page asks, so that it need not wait, and the connection to the node is open. Nobody hears of it: nothing is
// joined before a page opens.
type foreseen struct {
	session string                // that the conversation carries; empty: not read yet, or none
	conv    *genesys.Conversation // newest snapshot
}

// foresee follows a conversation that has no call yet.
func (cs *Calls) foresee(f *follower, conv *genesys.Conversation) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	known := f.foreseen[conv.ID]
	mine, ok := conv.Mine(f.agent.ID())
	switch {
	case !ok || over(mine) || f.over || cs.ctx.Err() != nil:
		delete(f.foreseen, conv.ID)
	case known != nil:
		known.conv = conv
	case len(f.foreseen) < maxForeseen:
		known = &foreseen{conv: conv}
		f.foreseen[conv.ID] = known
		cs.work.Go(func() { cs.readForeseen(f, known, conv.ID) })
	}
}

// readForeseen asks for the session once. Without an answer the page that opens will ask again.
func (cs *Calls) readForeseen(f *follower, known *foreseen, id string) {
	ctx, cancel := context.WithTimeout(cs.ctx, lookUpTime)
	defer cancel()
	conv, err := f.agent.Conversation(ctx, id)
	if err != nil {
		cs.cfg.Log.Info("call not foreseen", "conversation", id, "err", err)
		return
	}
	session, err := cs.cfg.Alias.SessionID(conv)
	if _, outbound := conv.Dialled(); err != nil || outbound {
		return // a call without video, or one of which events tell too little
	}
	cs.mu.Lock()
	known.session = session
	cs.mu.Unlock()
	if err := cs.cfg.Pexip.Ready(ctx); err != nil {
		cs.cfg.Log.Info("node not ready for a call that rings", "conversation", id, "err", err)
	}
}

// takeForeseen is what is known of a call that begins, while nothing can have been missed; cs.mu is held.
func (cs *Calls) takeForeseen(key callKey) (session string, conv *genesys.Conversation) {
	f := cs.followers[key.agent]
	if f == nil || !f.live {
		return "", nil
	}
	known := f.foreseen[key.conversation]
	delete(f.foreseen, key.conversation)
	if known == nil || known.session == "" {
		return "", nil
	}
	return known.session, known.conv
}
