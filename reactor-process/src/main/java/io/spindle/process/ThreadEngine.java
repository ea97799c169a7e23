// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import io.netty.buffer.ByteBuf;
import io.netty.channel.IoEventLoop;
import java.io.IOException;
import org.reactivestreams.Publisher;

/**
 * Launches by {@link ProcessBuilder} with its own pipes, and a thread for each of them: for platforms where nothing
 * else works. Differs from epoll in that the JDK itself ends the outputs when the process ends, so what a grandchild
 * writes later may be lost, and in that a reader whose pipe is held by a grandchild stays, idle, until that ends.
 */
final class ThreadEngine implements Engine {

    @Override
    public boolean canUse(IoEventLoop loop) {
        return true;
    }

    @Override
    public Launched launch(Command command, IoEventLoop loop) throws IOException {
        Process process = JdkProcess.builder(command).start();
        String suffix = "-" + process.pid();
        Publisher<? extends ByteBuf> publisher = command.stdin().publisher();
        return new JdkProcess(
                process,
                publisher == null
                        ? null
                        : new ThreadInputPipe(loop, publisher, process.getOutputStream(), "stdin" + suffix),
                command.stdout().isPipe()
                        ? new ThreadOutputPipe(
                                loop, "stdout of " + command, process.getInputStream(), "stdout" + suffix)
                        : null,
                command.stderr().isPipe()
                        ? new ThreadOutputPipe(
                                loop, "stderr of " + command, process.getErrorStream(), "stderr" + suffix)
                        : null);
    }
}
