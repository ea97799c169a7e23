create table if not exists file (
    id varchar(36) primary key,
    name varchar(255) not null,
    sha256 char(64) not null,
    bytes bigint not null,
    gzip_bytes bigint not null
);
