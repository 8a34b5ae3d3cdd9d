--- memlua.experiment.inputs: what a script read that its figures depend on: traces and policies.
local inputs = {}

--- The files: "trace NAME" or "policy NAME" -> path.
inputs.files = {}

--- The policies built into memlua: the name of their file in it -> true.
inputs.embedded = {}

--- Notes that figures depend on a file: `kind` is what it is, "trace" or "policy".
function inputs.file(kind, path) inputs.files[kind .. " " .. (path:match "[^/]+$" or path)] = path end

--- The same of a policy that is built into memlua.
function inputs.built_in(policy) inputs.embedded[("policies/%s.bpf.o"):format(policy)] = true end

return inputs
