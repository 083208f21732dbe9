# Generates one image: client.pl REQUESTS UPDATES [SERVER_KEY PUBLIC_KEY SECRET_KEY]
use strict;
use warnings;
use utf8;
use Data::MessagePack;
use ZMQ::FFI qw(ZMQ_REQ ZMQ_SUB ZMQ_RCVTIMEO);

my ($requests_address, $updates_address, @keys) = @ARGV;
my $context = ZMQ::FFI->new;
my $packer = Data::MessagePack->new->utf8;

sub open_socket {
    my ($kind, $address) = @_;
    my $socket = $context->socket($kind);
    # ZMQ_CURVE_SERVERKEY, _PUBLICKEY, _SECRETKEY
    if (@keys) { $socket->set($_->[0], 'string', $keys[$_->[1]]) for [50, 0], [48, 1], [49, 2]; }
    $socket->subscribe('') if $kind == ZMQ_SUB;
    $socket->set(ZMQ_RCVTIMEO, 'int', 5000);
    $socket->die_on_error(0);
    $socket->connect($address);
    return $socket;
}

my $requests = open_socket(ZMQ_REQ, $requests_address);
my $updates = open_socket(ZMQ_SUB, $updates_address);

sub ask {
    $requests->send($packer->pack($_[0]));
    my $reply = $requests->recv // '';
    die "no answer\n" if $reply eq '';
    return $packer->unpack($reply);
}

my $id = "perl-$$-" . time;
my $told = ask({ type => 'generate', id => $id, prompt => 'a knight, größer', steps => 20,
    model => 'sd_xl_base_1.0.safetensors', size => [1024, 1024], cfg_scale => 8 });
until ($told->{type} =~ /^(job_complete|job_error|error)$/ || ($told->{state} // '') =~ /^(completed|failed|cancelled)$/) {
    my $bytes = $updates->recv // '';
    my $update = $bytes eq '' ? ask({ type => 'job', job_id => $id }) : $packer->unpack($bytes);
    $told = $update if $update->{job_id} eq $id;
    print "$update->{type}\n";
}
print(($told->{image_path} // $told->{error} // $told->{message}) . "\n");
exit(exists $told->{image_path} ? 0 : 1);
