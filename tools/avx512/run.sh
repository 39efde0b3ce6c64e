#!/bin/sh
# Tests of the AVX-512 kernels on a machine that has no AVX-512: Bochs, an emulator of a
# whole PC that knows these instructions, starts Linux with the tests in its memory.
#
#	tools/avx512/run.sh [PACKAGE:PATTERN ...]
#
# It is for correctness alone: Bochs is some hundred times slower than a processor. Debian
# and its kin have what it needs: apt-get install bochs bochs-term bochsbios vgabios xorriso isolinux
# syslinux-common busybox-static cpio; a kernel comes by apt-get download. AVX512_DIR is
# where all of it is put together.
#
# Debian's Bochs 2.7 is a Tiger Lake: AVX-512 with VNNI. The VEX form of VNNI and BF16 need
# a newer one, as a Sapphire Rapids. AVX512_BOCHS names a folder with its source (bochs/ of
# https://github.com/bochs-emu/Bochs; 3.0 and later have the model); it is built once into
# AVX512_DIR, in some minutes with g++ and make, and used from then on. Nothing is
# downloaded for it, and BIOS and VGA BIOS stay Debian's.
set -eu
cd "$(dirname "$0")/../.."
dir=${AVX512_DIR:-.bin/avx512}
fail() { echo "avx512: $*" >&2; exit 1; }

for tool in xorriso cpio apt-get dpkg-deb; do
	command -v $tool >/dev/null || fail "$tool is not there"
done
[ "$(go env GOARCH)" = amd64 ] && [ "$(go env GOOS)" = linux ] || fail "needs Linux on amd64"
busybox=$(command -v busybox) && ! ldd "$busybox" >/dev/null 2>&1 || fail "needs busybox-static"
[ $# -gt 0 ] || set -- 'internal/simd:^TestLevels'

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
if [ -n "${AVX512_BOCHS:-}" ] && ! [ -x "$dir/bochs/bochs" ]; then
	[ -x "$AVX512_BOCHS/configure" ] || fail "$AVX512_BOCHS has no source of Bochs"
	source=$(cd "$AVX512_BOCHS" && pwd)
	rm -rf "$dir/bochs"
	mkdir "$dir/bochs"
	(cd "$dir/bochs" && CFLAGS=-O2 CXXFLAGS=-O2 "$source/configure" --enable-cpu-level=6 --enable-x86-64 --enable-avx --enable-evex --enable-amx \
		--enable-all-optimizations --disable-docbook --with-nogui && make -j "$(nproc)") >"$dir/bochs.build.log" 2>&1 || fail "Bochs was not built; see $dir/bochs.build.log"
fi
if [ -x "$dir/bochs/bochs" ]; then
	# Without XFD, which Bochs does not know, Linux enables half of AMX and stops.
	name='Sapphire Rapids' flags='avx512_vnni avx_vnni avx512_bf16'
	cpu='model=sapphire_rapids, exclude_features="amx,amx_int8,amx_bf16"' display=nogui
else
	name='Tiger Lake' flags=avx512_vnni
	cpu='model=tigerlake' display=term
	# Its GFNI is faulty, and Go's collector uses that to find pointers.
	export GOEXPERIMENT=nogreenteagc
	for tool in bochs script; do
		command -v $tool >/dev/null || fail "$tool is not there"
	done
fi
if ! [ -f "$dir/vmlinuz" ]; then
	kernel=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends/ {print $2; exit}')
	[ -n "$kernel" ] || fail "apt knows no linux-image-cloud-amd64"
	(cd "$dir" && apt-get download "$kernel" >/dev/null 2>&1 && dpkg-deb -x linux-image-*.deb kernel && cp kernel/boot/vmlinuz-* vmlinuz && rm -rf kernel linux-image-*.deb)
fi

# What the kernel starts is init; it runs the tests and says when they have ended.
rm -rf "$dir/root" "$dir/iso" "$dir/serial.txt" "$dir/bochs.pid" "$dir/feed.pid"
mkdir -p "$dir/root/bin" "$dir/root/tests" "$dir/root/proc" "$dir/root/dev" "$dir/root/tmp" "$dir/iso/isolinux"
cp "$busybox" "$dir/root/bin/busybox"
ln -s busybox "$dir/root/bin/sh"
{
	echo '#!/bin/sh'
	echo '/bin/busybox mount -t proc proc /proc; /bin/busybox mount -t devtmpfs dev /dev'
	echo 'exec >/dev/ttyS0 2>&1'
	echo '/bin/busybox grep -m1 ^flags /proc/cpuinfo'
	n=0
	for test in "$@"; do
		n=$((n + 1)) package=${test%%:*}
		CGO_ENABLED=0 go test -c -o "$dir/root/tests/$n" "./$package"
		mkdir -p "$dir/root/src/$package"
		if [ -d "$package/testdata" ]; then cp -r "$package/testdata" "$dir/root/src/$package/"; fi
		if grep -Eq '"\.\.(/|", ")testdata' "$package"/*_test.go && ! [ -d "$dir/root/src/testdata" ]; then cp -r testdata "$dir/root/src/"; fi
		echo "cd /src/$package && GOROBERTA_REQUIRE_SIMD=avx512 HOME=/tmp /tests/$n -test.short -test.v -test.run '${test#*:}' && echo 'avx512: ok $package'"
		# A processor may have AVX-512 and only the VEX form of VNNI.
		case "$package $flags" in *internal/simd*avx_vnni*)
			echo "GODEBUG=cpu.avx512vnni=off GOROBERTA_REQUIRE_SIMD=avx512,dot HOME=/tmp /tests/$n -test.short -test.v -test.run '^TestLevelsInt8' && echo 'avx512: ok without avx512_vnni'" ;;
		esac
	done
	echo 'echo avx512: end'
	echo 'while true; do /bin/busybox sleep 1000; done'
} >"$dir/root/init"
chmod +x "$dir/root/init"
(cd "$dir/root" && find . | cpio -o -H newc 2>/dev/null | gzip -1) >"$dir/iso/initrd.gz"
cp "$dir/vmlinuz" "$dir/iso/"
cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$dir/iso/isolinux/"
# Bochs 2.7 states sizes of XSAVES that Linux refuses, so Linux is told to do without; it
# never wakes from MWAIT. Bochs has fast short REP MOV without fast REP MOV; memmove of
# Linux 6.1 then takes short copies for long ones and overwrites itself.
cat >"$dir/iso/isolinux/isolinux.cfg" <<'END'
DEFAULT tests
PROMPT 0
LABEL tests
  KERNEL /vmlinuz
  APPEND initrd=/initrd.gz console=ttyS0 quiet clearcpuid=pku,xsaves,xsavec,fsrm idle=poll nosmp noapic acpi=off mitigations=off tsc=reliable lpj=4000000
END
xorriso -as mkisofs -quiet -o "$dir/tests.iso" -b isolinux/isolinux.bin -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$dir/iso" 2>/dev/null

cat >"$dir/bochsrc" <<END
megs: 1024
cpu: $cpu, ips=100000000
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/bochs/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path=tests.iso, status=inserted
boot: cdrom
display_library: $display
com1: enabled=1, mode=file, dev=serial.txt
log: bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
clock: sync=none
END
cd "$dir"
if [ $display = nogui ]; then
	bochs/bochs -q -f bochsrc >screen.txt 2>&1 </dev/null &
	echo $! >bochs.pid
else
	# Debian's Bochs waits for a debugger's command; its window is a terminal.
	sh -c 'echo $$ >feed.pid; sleep 2; echo c; exec sleep 7200' 2>/dev/null |
		TERM=vt100 script -qfc 'echo $$ >bochs.pid; exec bochs -q -f bochsrc -unlock' screen.txt >/dev/null 2>&1 &
fi
stop() {
	for pid in $(cat bochs.pid feed.pid 2>/dev/null); do kill -9 "$pid" 2>/dev/null || true; done
}
trap stop EXIT INT TERM
end=$(($(date +%s) + 7200))
until grep -aq '^avx512: end' serial.txt 2>/dev/null; do
	[ "$(date +%s)" -lt $end ] || fail "no end after two hours; see $dir/serial.txt"
	sleep 2
	! grep -aq 'Kernel panic' serial.txt 2>/dev/null || fail "Linux stopped; see $dir/serial.txt"
	! [ -s bochs.pid ] || kill -0 "$(cat bochs.pid)" 2>/dev/null || fail "Bochs ended; see $dir/bochs.log"
done
failed=0
for test in "$@"; do
	grep -aq "^avx512: ok ${test%%:*}" serial.txt || failed=1
done
case "$* $flags" in *internal/simd*avx_vnni*)
	grep -aq '^avx512: ok without avx512_vnni' serial.txt || failed=1 ;;
esac
for flag in $flags; do
	grep -a '^flags' serial.txt | grep -qw "$flag" || { echo "avx512: Linux sees no $flag" >&2; failed=1; }
done
n=$(grep -ac '^ *--- PASS' serial.txt || true)
if [ $failed = 1 ] || [ "$n" = 0 ] || grep -aq 'warning: no tests to run' serial.txt; then
	grep -av '^=== ' serial.txt >&2
	fail "tests failed"
fi
echo "avx512, by Bochs as a $name ($flags): $n tests"
