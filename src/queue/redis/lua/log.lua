-- Writes down what was done.
--
-- Input: entry (of the audit log)
-- Reply: null
-- @include audit

writeAudit(input.entry)
