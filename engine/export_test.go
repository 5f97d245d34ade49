package engine

import "context"

// Maintain is what Run has done in the background.
func (e *Engine) Maintain(ctx context.Context) { e.maintain(ctx) }

// DropAtOnce is dropAtOnce.
const DropAtOnce = dropAtOnce
