// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.channel.IoEventLoop;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.FastThreadLocalThread;
import io.spindle.loop.EventLoop;
import java.util.concurrent.ThreadFactory;
import org.jspecify.annotations.Nullable;
import reactor.core.scheduler.NonBlocking;

/** Finds the loop that serves a child's pipes: the current event loop if it can, else one for the whole JVM. */
final class PipeLoops {

    private PipeLoops() {}

    static IoEventLoop choose(@Nullable EventLoop current, Engine engine) {
        return current != null && engine.canUse(current.netty()) ? current.netty() : Holder.LOOP;
    }

    /** Returns the loop for the whole JVM, which never ends. */
    static IoEventLoop common() {
        return Holder.LOOP;
    }

    private static final class Holder {

        static final IoEventLoop LOOP = start();

        private static IoEventLoop start() {
            IoHandlerFactory transport = Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
            ThreadFactory threads = body -> {
                Thread thread = new LoopThread(body);
                thread.setDaemon(true);
                return thread;
            };
            return new MultiThreadIoEventLoopGroup(1, threads, transport).next();
        }
    }

    private static final class LoopThread extends FastThreadLocalThread implements NonBlocking {

        LoopThread(Runnable body) {
            super(body, "spindle-default-process-io");
        }
    }
}
