// SPDX-License-Identifier: Apache-2.0
package io.spindle.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A thread that copies what one stage of a pipeline writes to the next one, where they can have no pipe in common. It
 * ends as a pipe does: the end of the one is the end of the input of the other, and who writes to nobody is told so.
 */
final class StagePump {

    private static final Logger log = LoggerFactory.getLogger(ChildProcess.class);

    private StagePump() {}

    static void start(Process writer, Process reader) {
        Thread thread = new Thread(
                () -> run(writer.getInputStream(), reader.getOutputStream()),
                "spindle-process-pipe-" + writer.pid() + "-" + reader.pid());
        thread.setDaemon(true);
        thread.start();
    }

    private static void run(InputStream from, OutputStream to) {
        try (from;
                to) {
            copy(from, to);
        } catch (IOException e) {
            log.debug("a stage reads its input no more", e);
        }
    }

    /** What has been read is passed on at once, for the next stage may answer it. */
    private static void copy(InputStream from, OutputStream to) throws IOException {
        byte[] bytes = new byte[OutputPipe.CHUNK_BYTES];
        int count;
        while ((count = from.read(bytes)) >= 0) {
            to.write(bytes, 0, count);
            to.flush();
        }
    }
}
