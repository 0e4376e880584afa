-- SPDX-License-Identifier: Apache-2.0
-- No function runs with rights of another on a submitter's behalf. refusal_to_lend() asks for what anybody may read, so
-- whoever asks it, asks it with rights of his own.

set local role errand_lender;
alter function errand.refusal_to_lend(name) security invoker;
reset role;
