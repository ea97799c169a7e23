// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEventLoop;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.unix.FileDescriptor;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Makes pipes of our own, which are read and written by epoll: no thread for a stream. A launcher does the rest. */
final class EpollEngine implements Engine {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private final String name;
    private final Launcher launcher;

    EpollEngine(String name, Launcher launcher) {
        this.name = name;
        this.launcher = launcher;
    }

    /** Whether this platform can do it; tried once, for Netty's own check misses mixed versions. */
    static boolean isAvailable() {
        return Holder.AVAILABLE;
    }

    @Override
    public boolean canUse(IoEventLoop loop) {
        return loop.isCompatible(EpollIoHandle.class);
    }

    @Override
    public List<Launched> launch(List<Command> stages, IoEventLoop loop) throws LaunchException {
        List<Launched> launched = new ArrayList<>(stages.size());
        FileDescriptor between = null;
        for (Command command : stages) {
            StagePipes pipes = new StagePipes(launcher, command, loop);
            boolean started = false;
            try {
                launched.add(pipes.start(between, launched.size() == stages.size() - 1));
                between = pipes.forNext();
                started = true;
            } catch (IOException e) {
                throw new LaunchException(command, e);
            } finally {
                if (!started) {
                    launched.forEach(Launched::abandon);
                }
            }
        }
        return launched;
    }

    @Override
    public String toString() {
        return name;
    }

    private static final class Holder {

        static final boolean AVAILABLE = Epoll.isAvailable() && selfTest();

        /** A pipe that is empty, holds a byte, and has ended, as Netty's native code tells it. */
        private static boolean selfTest() {
            List<FileDescriptor> open = new ArrayList<>(2);
            try {
                FileDescriptor[] pipe = FileDescriptor.pipe();
                open.addAll(List.of(pipe));
                ByteBuffer one = ByteBuffer.allocateDirect(1);
                boolean works = new File("/proc/self/fd/" + pipe[1].intValue()).canWrite()
                        && pipe[0].read(one, 0, 1) == 0
                        && pipe[1].write(one, 0, 1) == 1
                        && pipe[0].read(one, 0, 1) == 1;
                pipe[1].close();
                return works && pipe[0].read(one, 0, 1) < 0;
            } catch (IOException | LinkageError e) {
                log.warn("pipes cannot be read by epoll, threads do it instead", e);
                return false;
            } finally {
                StagePipes.close(open);
            }
        }
    }
}
