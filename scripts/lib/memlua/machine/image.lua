--- memlua.machine.image: what a kernel's image tells before it is booted.
local host = require "memlua.host"
local sys = require "memlua.base.sys"

local image = {}

-- A bzImage's header (Documentation/arch/x86/boot.rst), from its first 32K on; nil where it is none.
local function header_of(path)
  local file <close> = io.open(path, "rb")
  local head = file and file:read(0x10000)
  if head and head:sub(0x203, 0x206) == "HdrS" then return head end
end

--- The release that a bzImage names, or nil where it is none.
function image.release(path)
  local head = header_of(path)
  return head and head:match("^[^%s%z]+", 0x200 + string.unpack("<I2", head, 0x20f) + 1) -- an offset at 0x20e, counted from 0x200
end

-- How the kernel proper lies compressed in it: what it begins with, and what undoes that, whatever follows it.
local FORMATS = {
  { "\x1f\x8b", "gzip -dc" }, { "\xfd7zXZ\0", "xz -dc --single-stream" }, { "\x28\xb5\x2f\xfd", "zstd -dc" },
  { "\x02\x21\x4c\x18", "lz4 -dc" }, { "BZh", "bzip2 -dc" }, { "\x5d\0\0", "lzma -dc" }, { "\x89LZO", "lzop -dc" },
}

local function decompressor(start)
  for _, format in ipairs(FORMATS) do
    if start:sub(1, #format[1]) == format[1] then return format[2] end
  end
end

-- What writes the kernel proper, an ELF file, to standard output, and how many bytes that are. Returns the command and the
-- size, or nil and the reason.
local function unpacking(path)
  local head = header_of(path)
  if not head or #head < 0x250 then return nil, path .. ": not a bzImage" end
  local sectors, version = head:byte(0x1f2), string.unpack("<I2", head, 0x207)
  if version < 0x208 then return nil, path .. ": a bzImage too old to tell where the kernel lies in it" end
  local offset, length = string.unpack("<I4I4", head, 0x249)
  offset = offset + ((sectors == 0 and 4 or sectors) + 1) * 512
  local file <close> = assert(io.open(path, "rb"))
  file:seek("set", offset)
  local tool = decompressor(file:read(16) or "")
  if not tool then return nil, path .. ": the kernel in it is compressed in a way that memlua doesn't know" end
  local name = tool:match "^%S+"
  if not sys.which(name) then return nil, ("%s: takes %s to look into, which is not installed"):format(path, name) end
  file:seek("set", offset + length - 4)
  local size = string.unpack("<I4", file:read(4) or "\0\0\0\0")
  -- its length, these four bytes, may follow the stream: a complaint about them is no failure
  return ("tail -c +%d %s | head -c %d | %s 2>/dev/null"):format(offset + 1, sys.quote(path), length, tool), size
end

-- Of several memluas one unpacks, the others wait; what is there is whole.
local UNPACK <const> = "exec 2>/dev/null; flock %s sh -c %s"
local ONCE <const> = "[ -e %s ] || { %s >%s; [ \"$(stat -c %%s %s)\" = %d ] && mv %s %s; }"

--- The kernel proper in a bzImage, as a file beside it that is made once and called vmlinux. Returns its path, or nil where
--- it can't be made: in a folder that can't be written, or by what is not installed. `path`: in a folder of memlua's cache.
function image.unpacked(path)
  local folder = path:match "^(.*)/[^/]*$"
  local kept, part = sys.quote(folder .. "/vmlinux"), sys.quote(folder .. "/vmlinux.part")
  if not sys.exists(folder .. "/vmlinux") then
    local command, size = unpacking(path)
    if not command then return nil end
    os.execute(UNPACK:format(sys.quote(path), sys.quote(ONCE:format(kept, command, part, part, size, part, kept))))
  end
  return sys.exists(folder .. "/vmlinux") and folder .. "/vmlinux" or nil
end

--- The interface of the memcg_bpf_ops in a kernel's own BTF, as host.interface() tells it: name and whether memlua knows it;
--- nil: it has none; nil and the reason where that can't be told. `headers`: of that kernel, whose vmlinux is quicker to
--- look at than the image, or nil.
function image.interface(path, headers)
  local vmlinux = headers and headers .. "/vmlinux"
  if vmlinux and sys.exists(vmlinux) then return host.interface(vmlinux) end
  local folder <close>, why = host.scratch()
  if not folder then return nil, why end
  local unpacked = folder:path() .. "/vmlinux"
  local command, unable = unpacking(path)
  if not command then return nil, unable end
  os.execute(("%s >%s"):format(command, sys.quote(unpacked)))
  return host.interface(unpacked)
end

return image
