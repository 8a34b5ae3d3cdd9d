--- memlua.policy.loading: which file is read as a policy just now. By itself, so that who asks needn't load the compiler.
return { path = nil }
