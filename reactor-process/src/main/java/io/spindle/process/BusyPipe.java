// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.unix.FileDescriptor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Makes a pipe larger when it has proven to be a busy one: then each wake-up of the child or of us moves a megabyte and not
 * 64 KiB. Only where the system can be called, and a few at a time, for the system lets each user have so much memory
 * in pipes and makes the next ones tiny. Of one pipe; loop only.
 */
final class BusyPipe {

    /** What an unprivileged user may ask for, unless the system was told otherwise. */
    private static final int LARGE_BYTES = 1 << 20;

    /** Of this JVM. A user may have 64 MiB in pipes, of all his programs, before the next ones are tiny. */
    private static final int MAX_LARGE = 8;

    /** So often in all a pipe must have been full. */
    private static final int BUSY = 32;

    private static final AtomicInteger LARGE = new AtomicInteger();

    private final @Nullable NativeLauncher system = Natives.launcher();
    private int full;
    private boolean large;

    /** May block, the first time. */
    BusyPipe() {}

    /** It was full when it was read, or is since it was written to. */
    void wasFull(FileDescriptor pipe) {
        if (system == null || full == BUSY || ++full < BUSY) {
            return;
        }
        large = LARGE.incrementAndGet() <= MAX_LARGE && system.setPipeSize(pipe, LARGE_BYTES);
        if (!large) {
            LARGE.decrementAndGet();
        }
    }

    /** It is closed. Once. */
    void closed() {
        if (large) {
            large = false;
            LARGE.decrementAndGet();
        }
    }

    /** How many are large at present. */
    static int count() {
        return LARGE.get();
    }
}
