# The boot of one host: builds its root, then becomes tini and sshd as PID 1.
set -eu
cd "$HOST_DIR"
echo "$HOST_NAME boots" >&2
echo "$HOST_NAME" >/proc/sys/kernel/hostname

mount -t tmpfs -o mode=0755 tmpfs mnt
mkdir mnt/upper mnt/work mnt/root
cp -a seed/. mnt/upper/
mount -t overlay -o lowerdir=/,upperdir=mnt/upper,workdir=mnt/work overlay mnt/root
disk=$PWD/disk.ext4
cd mnt/root

# noinit_itable: zeroing the inode tables in the background would fill the sparse image
mount -t ext4 -o loop,noatime,noinit_itable "$disk" disk
mkdir -p disk/containers disk/docker disk/warren
for name in containers docker warren; do mount --bind "disk/$name" "var/lib/$name"; done
mount --bind "$HOST_IMAGES" usr/share/fleet-images
mount -o remount,bind,ro usr/share/fleet-images

mount -t tmpfs -o mode=0755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t proc proc proc
mount -t sysfs sysfs sys
mount --rbind /dev dev
mount -t tmpfs -o mode=1777 tmpfs dev/shm  # libpod keeps its locks here

if [ "$HOST_CGROUP_VERSION" = 2 ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
    for controller in $(cat sys/fs/cgroup/cgroup.controllers); do
        echo "+$controller" >sys/fs/cgroup/cgroup.subtree_control || true
    done
else
    # Only the v1 hierarchies: crun refuses the hybrid mode.
    mount -t tmpfs -o mode=0755 tmpfs sys/fs/cgroup
    for hierarchy in $HOST_HIERARCHIES; do
        mkdir "sys/fs/cgroup/${hierarchy##*:}"
        mount -t cgroup -o "${hierarchy%:*}" cgroup "sys/fs/cgroup/${hierarchy##*:}"
    done
fi

echo 1 >proc/sys/net/ipv4/ip_forward
ip -batch - <<BATCH
link set lo up
address add $HOST_ADDRESS/$HOST_PREFIX_LENGTH dev eth0
link set eth0 up
route add default via $HOST_GATEWAY
BATCH

mkdir run/sshd
pivot_root . mnt
cd /
umount -l mnt
exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    tini-static -- /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config
